export { type RegisterTest, skipUnless } from './skip.js';
