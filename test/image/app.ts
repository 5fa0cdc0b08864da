// For the Dockerfile: fills the folder that is given with the compiled program and what it imports.
import { fillApp } from './contents.js';

const [folder] = process.argv.slice(2);
if (!folder) throw new Error('Which folder is to be filled? Give it as the argument.');
await fillApp(folder);
