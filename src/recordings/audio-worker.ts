// Runs in a separate thread, so that reading a file that somebody made to take long blocks nothing else.
import { parentPort, workerData } from 'node:worker_threads';
import { readHeader } from './audio-header.ts';

parentPort?.postMessage(await readHeader(workerData));
