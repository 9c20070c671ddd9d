import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inEnglish, labelInEnglish } from '../../src/alerts/words/other-languages.ts';
import { read } from './helpers.ts';

describe('monitoring words of other languages', () => {
  it('are read in English, and other words stay', () => {
    assert.equal(inEnglish('Prometheus恢复信息'), 'Prometheus recovered  notification ');
    assert.equal(inEnglish('订单服务未恢复'), '订单服务 unresolved ');
    assert.equal(inEnglish('АВАРИЯ: pg-2'), 'OUTAGE: pg-2');
    assert.equal(inEnglish('Alertas y resueltos'), 'Alertas y resueltos');
    assert.equal(labelInEnglish('告警级别'), 'severity');
  });

  it('say what the same message says in English', () => {
    const statuses = {
      firing: [
        '【告警】订单接口',
        '服务器宕机告警',
        'ALERTA: base de datos caída',
        '[障害] 決済API',
        'DAG orders feilet',
        'Service non disponible',
      ],
      resolved: [
        '【恢复】订单接口',
        '订单接口已恢复',
        'Problem behoben: web-1',
        '[復旧] 決済API',
        'Résolu : boutique',
      ],
      info: ['告警规则已更新', '告警汇总日报', 'Design critique at 10:00', 'Alertas: guía de uso'],
    };
    for (const [status, texts] of Object.entries(statuses))
      for (const text of texts) assert.equal(read({ text }).status, status, text);
  });

  it('give a firing message and its resolve one key', () => {
    const parts = (state: string) => ({ text: `*Grafana${state}信息*\n*订单接口错误率*\n告警级别：严重` });
    assert.equal(read(parts('告警')).key, read(parts('恢复')).key);
    assert.equal(read(parts('告警')).severity, 'critical');
    assert.equal(read(parts('告警')).title, '订单接口错误率');
  });
});
