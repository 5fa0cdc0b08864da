// Lets Node run the TypeScript sources as they are, without building first: `node --import` this file.
import { register } from 'node:module';

register('./typescript-hooks.js', import.meta.url);
