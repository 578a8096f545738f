export default { basePath: '/docs' };
