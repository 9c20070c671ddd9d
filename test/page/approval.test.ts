import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { artifacts, browserForTests, skip } from './browser.ts';

const open = browserForTests();

const last = (page: Page, text: string | RegExp) =>
  page.locator('#messages .message').filter({ hasText: text }).last();

test('three people: Asha asks for a floor, Cleo may not decide, Ben approves', { skip }, async () => {
  const asha = await open('U0ASHA', 'C0OPS');
  const cleo = await open('U0CLEO', 'C0OPS');
  const ben = await open('U0BEN', 'C0APPROVE');

  await asha.page.locator('#composer').fill('/voicecall floor-3 fire-drill');
  await asha.page.locator('#composer').press('Enter');
  const submit = asha.page.locator('#modal button[type=submit]');
  await asha.page.locator('form[data-callback="voicecall"]').waitFor();
  await submit.click();
  const confirm = asha.page.locator('form[data-callback="voicecall_confirm"]');
  await confirm.getByText('Needs approval').first().waitFor();
  await asha.page.screenshot({ path: `${artifacts}approval-asked.png` });
  await submit.click();
  await asha.page.locator('#modal').waitFor({ state: 'hidden' });

  const board = last(asha.page, 'Waiting for approval');
  await board.getByText('Waiting for:').waitFor();
  assert.match((await board.textContent()) ?? '', /40 people/);
  await asha.page.screenshot({ path: `${artifacts}approval-board.png` });

  const card = last(ben.page, 'Approve 40 calls?');
  await card.getByRole('button', { name: 'Approve' }).waitFor();
  assert.match((await card.textContent()) ?? '', /40 calls; above 30 needs approval/);
  await ben.page.screenshot({ path: `${artifacts}approval-card.png` });

  // Cleo may not cancel: the approvers' channel is closed to her, but the board's button is not.
  await last(cleo.page, 'Waiting for approval').getByRole('button', { name: 'Cancel' }).click();
  await confirmDialog(cleo.page, 'Cancel the calls');
  const refusal = 'Only the person who asked, and approvers, may cancel';
  await cleo.page.getByText(refusal).first().waitFor();
  await cleo.page.screenshot({ path: `${artifacts}approval-refused.png` });
  assert.equal(await asha.page.getByText(refusal).count(), 0, 'told to Cleo alone');

  // The requester sees the card but may not approve either.
  await asha.page.locator('#channel-C0APPROVE').click();
  await last(asha.page, 'Approve 40 calls?').getByRole('button', { name: 'Approve' }).click();
  await confirmDialog(asha.page, 'Approve');
  await asha.page.getByText('You are not one of the approvers').first().waitFor();
  assert.equal(await ben.page.getByText('You are not one of the approvers').count(), 0, 'told to Asha alone');
  await asha.page.locator('#channel-C0OPS').click();

  await card.getByRole('button', { name: 'Review' }).click();
  await ben.page.locator('#modal').getByText('+918563214200').first().waitFor();
  await ben.page.screenshot({ path: `${artifacts}approval-review.png` });
  await ben.page.keyboard.press('Escape');
  await ben.page.locator('#modal').waitFor({ state: 'hidden' });

  await card.getByRole('button', { name: 'Approve' }).click();
  await confirmDialog(ben.page, 'Approve', 'approval-confirm.png');
  const decided = last(ben.page, 'Approved: 40 calls');
  await decided.getByText('Approved').first().waitFor();
  assert.equal(await decided.getByRole('button', { name: 'Approve' }).count(), 0);
  await ben.page.screenshot({ path: `${artifacts}approval-decided.png` });

  await last(asha.page, /Calling (\d+ of )?40 people/)
    .getByText('Approved')
    .first()
    .waitFor();
  await asha.page.getByRole('listitem', { name: 'Phone +918563214230' }).waitFor();
  await asha.page.screenshot({ path: `${artifacts}approval-ringing.png` });
  for (const { page, errors } of [asha, cleo, ben]) {
    assert.deepEqual(errors, []);
    await page.close();
  }
});

/** The dialog of a button with a confirmation. */
async function confirmDialog(page: Page, label: string, screenshot?: string): Promise<void> {
  const yes = page.locator('#confirm').getByRole('button', { name: label, exact: true });
  await yes.waitFor();
  if (screenshot !== undefined) await page.screenshot({ path: `${artifacts}${screenshot}` });
  await yes.click();
}
