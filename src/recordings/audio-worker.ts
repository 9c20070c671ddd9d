// Runs in a separate thread, so that a file that takes long to read, perhaps on purpose, blocks nothing else.
import { parentPort, workerData } from 'node:worker_threads';
import { readHeader } from './audio-header.ts';

parentPort?.postMessage(await readHeader(workerData));
