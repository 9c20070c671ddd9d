import { asText, type JsonObject } from './json.ts';

/** True for what Slack itself adds to a message: a link preview, or a shared message. */
export function isUnfurl(attachment: JsonObject): boolean {
  return (
    asText(attachment.from_url) !== undefined ||
    asText(attachment.original_url) !== undefined ||
    asText(attachment.app_unfurl_url) !== undefined ||
    attachment.is_reply_unfurl === true ||
    attachment.is_msg_unfurl === true ||
    attachment.is_app_unfurl === true ||
    attachment.is_share === true
  );
}
