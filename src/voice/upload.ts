import { codeInfo } from './codes.ts';
import type { Exchange } from './exchange.ts';
import { readEnvelope } from './send.ts';
import type { UploadResult } from './types.ts';

/** Reads the result of an upload from an exchange. Anything that is not clearly one outcome is `unclear`. */
export function readUpload(exchange: Exchange): UploadResult {
  if (exchange.outcome !== 'answer') return unclear(exchange.why, exchange.detail);
  if (exchange.status !== 200) return unclear('http_status', `HTTP ${exchange.status}`);
  const envelope = readEnvelope(exchange.text);
  if (envelope === null) return unclear('not_json', 'no JSON object');
  const { code, reason, data } = envelope;
  if (code === null) return unclear('no_code', 'the answer has no status');
  if (code === '-20') return { outcome: 'exists' };
  if (code !== '0')
    return codeInfo(code).submitted === 'no' ? { outcome: 'refused', code, reason } : unclear(code, reason);
  // Without an id the file still exists: it is found by its name.
  if (typeof data !== 'string' || !/^[\x21-\x7e]{1,200}$/.test(data))
    return unclear('no_code', 'success without a fileId');
  return { outcome: 'uploaded', fileId: data };
}

function unclear(code: string, detail: string): UploadResult {
  return { outcome: 'unclear', code, detail };
}
