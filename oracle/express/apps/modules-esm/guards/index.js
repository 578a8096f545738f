export * from './user.js';
export { default as requestLog } from './log.js';
