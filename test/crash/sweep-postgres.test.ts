import { sweep } from './sweep.ts';

sweep('postgres');
