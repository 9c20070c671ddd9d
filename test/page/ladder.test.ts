import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { artifacts, browserForTests, skip } from './browser.ts';

const open = browserForTests();
const phone = (page: Page, number: string) => page.getByRole('listitem', { name: `Phone +${number}` });
const decline = (page: Page, number: string) =>
  phone(page, number).getByRole('button', { name: 'Decline', exact: true }).click();

test('a night alert: a declined call starts the next step, which is counted down, and a key acknowledges', {
  skip,
}, async () => {
  const { page, errors } = await open('U0ASHA', 'C0ALERTS');
  page.setDefaultTimeout(60_000);
  await page.locator('[data-sample="night"]:not([data-resolved])').click();
  await phone(page, '918563215001').waitFor();
  await phone(page, '918563215001').getByText('Dana', { exact: true }).waitFor();
  await page.locator('#messages .replies').last().click();
  const board = page.locator('#replies .message').filter({ hasText: 'Rule night' }).first();
  await board.getByText(/step 1 of 3/).waitFor();
  await decline(page, '918563215001');
  await decline(page, '918563215002');
  await board
    .getByText(/\(in \d+ s\)/)
    .first()
    .waitFor();
  await phone(page, '918563215003').waitFor();
  await board.getByText(/step 2 of 3/).waitFor();
  await board.getByText(/Calling Farah/).waitFor();
  await board
    .getByText(/step 3 .*\(in \d+ s\)/)
    .first()
    .waitFor();
  await board.scrollIntoViewIfNeeded();
  await page.screenshot({ path: `${artifacts}ladder.png` });
  await decline(page, '918563215003');
  await phone(page, '918563215004').getByRole('button', { name: 'Answer', exact: true }).click();
  await phone(page, '918563215004').getByRole('button', { name: 'Press 1', exact: true }).click();
  await phone(page, '918563215004').getByRole('button', { name: 'Hang up' }).click();
  await board.getByText(/Gwen pressed 1/).waitFor();
  await board.getByText('Gwen has got it · 1 of 4 confirmed', { exact: true }).waitFor();
  await page.screenshot({ path: `${artifacts}ladder-taken.png` });
  assert.deepEqual(errors, []);
  await page.close();
});
