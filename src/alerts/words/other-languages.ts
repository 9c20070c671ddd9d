// Monitoring words of other languages with their English words; "_" is a space. A line is translated before it is
// read, because all other tables are in English.

/** The English word, and the words for it in other languages. The more exact words come first. */
const words: [english: string, elsewhere: string][] = [
  ['unresolved', '未恢复 尚未恢复 未恢復 尚未恢復 未复旧 未復旧 未解决 未解決 미해결'],
  [
    'recovered',
    `已恢复正常 已恢復正常 恢复正常 恢復正常 已恢复 已恢復 恢复 恢復 已解除 解除 已解决 已解決 復旧しました 復旧 解消しました 解消 복구되었습니다 복구 해소
     behoben wiederhergestellt rétabli rétablie répond_à_nouveau résolu résolue resuelto resuelta recuperado recuperada resolvido resolvida risolto risolta
     opgelost hersteld восстановлен восстановлена восстановлено решено устранено løst åtgärdat çözüldü`,
  ],
  ['triggered', '已触发 已觸發 触发 觸發 発生しました 発生 ausgelöst déclenchée déclenché'],
  [
    'failed',
    '失败 失敗しました 失敗 실패 fehlgeschlagen gescheitert échoué échec falló fallido fallida falhou feilet fallito misslyckades mislukt сбой',
  ],
  [
    'down',
    '宕机 宕機 掉线 離線 离线 停止しました 다운 ausgefallen caído caída недоступен недоступна недоступно',
  ],
  ['unavailable', 'non_disponible indisponible injoignable no_disponible indisponível'],
  ['degraded', 'dégradé dégradée degradado degradada'],
  ['success', 'succès éxito sucesso успешно'],
  ['problem', 'проблема'],
  ['outage', '故障 障害 장애 авария avaria'],
  ['anomaly', '异常 異常'],
  ['error', '错误 錯誤 エラー 오류 fehler erreur ошибка'],
  ['critical', '严重 嚴重 紧急 緊急 致命 重大 심각 긴급 kritisch crítico crítica критический критично'],
  ['warning', '警告 경고 warnung advertencia avertissement предупреждение'],
  ['alert', '告警 报警 報警 警报 警報 アラート 경보 alarma alerta alerte тревога'],
  ['rule', '规则 規則'],
  ['updated', '已更新 更新しました'],
  ['daily report', '日报 日報'],
  ['weekly report', '周报 週報'],
  ['notification', '信息 資訊 消息 通知 알림'],
];

/** Names of labels. They count as whole names only. */
const labels: [english: string, elsewhere: string][] = [
  [
    'severity',
    '告警级别 告警等级 告警級別 报警级别 报警等级 級別 级别 严重程度 重要度 심각도 schweregrad gravité gravedad severidade',
  ],
  ['level status', '级别状态 級別狀態'],
  ['status', '状态 告警状态 狀態 告警狀態 ステータス 상태 zustand estado état'],
  ['alert name', '告警名称 告警名稱 报警名称 规则标题 规则名称 告警标题 告警规则'],
  [
    'host',
    '监控对象 故障主机 故障主机ip 告警主机 主机 主机名 主機 服务器 ホスト 호스트 rechner serveur servidor',
  ],
  ['service', '服务 服务名 服務 サービス 서비스 dienst servicio serviço'],
];

const wordOf = inverse(words);
const labelOf = inverse(labels);
const isAscii = (word: string) => /^[a-z_ ]+$/i.test(word);
const longestFirst = [...wordOf.keys()].sort((left, right) => right.length - left.length);
const asciiWords = new RegExp(`\\b(?:${longestFirst.filter(isAscii).join('|')})\\b`, 'gi');
// Chinese, Japanese and Korean have no blanks between words. All other words stand alone.
const otherWords = new RegExp(
  longestFirst
    .filter((word) => !isAscii(word))
    .map((word) => (isJoined(word) ? word : `(?<!\\p{L})${word}(?!\\p{L})`))
    .join('|'),
  'giu',
);

/** The line with its monitoring words in English. Capitals stay capitals. */
export function inEnglish(line: string): string {
  const some = line.replace(asciiWords, englishFor);
  // Most lines have ASCII letters only, and need no second search.
  return /(?![a-z])\p{L}/iu.test(some) ? some.replace(otherWords, englishFor) : some;
}

function englishFor(found: string): string {
  const english = wordOf.get(found.toLowerCase()) ?? found;
  if (isJoined(found)) return ` ${english} `;
  return found.length > 1 && found === found.toUpperCase() ? english.toUpperCase() : english;
}

/** The name of a label in English. @param name in lower case */
export function labelInEnglish(name: string): string {
  return labelOf.get(name) ?? name;
}

function isJoined(word: string): boolean {
  return /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u.test(word);
}

function inverse(table: [english: string, elsewhere: string][]): Map<string, string> {
  return new Map(
    table.flatMap(([english, list]) =>
      list.split(/\s+/).map((word): [string, string] => [word.replaceAll('_', ' '), english]),
    ),
  );
}
