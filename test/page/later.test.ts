import assert from 'node:assert/strict';
import { test } from 'node:test';
import { browserForTests, skip } from './browser.ts';

const open = browserForTests();

test('a person asks for a call in a few seconds: the board says when, and the phone rings then', {
  skip,
}, async () => {
  const { page, errors } = await open();
  const field = (name: string) => page.locator(`#modal [data-field="${name}"]`);
  const submit = page.locator('#modal button[type=submit]');
  await page.locator('#composer').fill('/voicecall +91 85632 14120');
  await page.locator('#composer').press('Enter');
  await page.locator('form[data-callback="voicecall"]').waitFor();
  await field('fileId').locator('select').first().selectOption({ index: 1 });
  await page.locator('#modal [data-action="call_options"]').click();
  // As a person picks it, in local time. With seconds, so that the test does not wait for a whole minute.
  const at = new Date(Date.now() + 30_000 - new Date().getTimezoneOffset() * 60_000);
  await field('when').locator('input').fill(at.toISOString().slice(0, 19));
  await submit.click();
  await page.locator('form[data-callback="voicecall_confirm"]').waitFor();
  await submit.click();
  await page.locator('#modal').waitFor({ state: 'hidden' });
  const board = page.locator('#messages .message').filter({ hasText: 'When:' }).first();
  await board.getByText('Scheduled', { exact: true }).waitFor();
  const phone = page.getByRole('listitem', { name: 'Phone +918563214120' });
  await phone.getByRole('button', { name: 'Answer', exact: true }).click({ timeout: 60_000 });
  assert.deepEqual(errors, []);
  await page.close();
});
