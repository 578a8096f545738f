export { router as tasks } from './tasks.js';
export { default as people } from './people.js';
