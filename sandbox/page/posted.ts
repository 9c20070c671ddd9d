/** A tool that posts to the app, like Alertmanager's webhook. */
export function createAlertmanager(app: string, token: string): (resolved: boolean) => Promise<string> {
  let startsAt = '';
  return async (resolved) => {
    const now = new Date().toISOString();
    if (!resolved || startsAt === '') startsAt = now;
    const status = resolved ? 'resolved' : 'firing';
    const labels = { alertname: 'DiskFull', instance: 'db-1', severity: 'critical' };
    const annotations = { summary: '91 % of /var on db-1 is used' };
    const answer = await fetch(`${app}/alerts/prometheus`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({
        ...{ version: '4', groupKey: '{}:{alertname="DiskFull"}', status, receiver: 'voicecall' },
        ...{ groupLabels: { alertname: 'DiskFull' }, commonLabels: labels, commonAnnotations: annotations },
        externalURL: 'http://alertmanager.example',
        alerts: [
          {
            ...{ status, labels, annotations, startsAt, endsAt: resolved ? now : '0001-01-01T00:00:00Z' },
            ...{ generatorURL: 'http://prometheus.example/graph', fingerprint: 'f1' },
          },
        ],
      }),
    }).catch(() => null);
    if (answer === null) return 'Voicecall did not answer.';
    return answer.status === 202
      ? 'Voicecall has stored the alert (202).'
      : `Voicecall answered ${answer.status}: ${await answer.text()}`;
  };
}
