import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { artifacts, browserForTests, skip } from './browser.ts';

const open = browserForTests();

async function type(page: Page, text: string): Promise<void> {
  await page.locator('#composer').fill(text);
  await page.locator('#composer').press('Enter');
}

test('a person calls a phone: command, an error, review, call, answer, result in the thread', {
  skip,
}, async () => {
  const { page, errors } = await open();
  const field = (name: string) => page.locator(`#modal [data-field="${name}"]`);
  const submit = page.locator('#modal button[type=submit]');

  await type(page, '/voicecall');
  await page.locator('form[data-callback="voicecall"]').waitFor();
  await field('fileId').locator('select').first().selectOption({ index: 1 });
  await field('callee').locator('textarea, input').fill('12');
  await submit.click();
  await field('callee').getByRole('alert').waitFor();
  assert.equal(
    await field('callee').locator('[aria-invalid=true]').inputValue(),
    '12',
    'what was typed is still there',
  );
  await page.screenshot({ path: `${artifacts}sandbox-error.png` });

  await field('callee').locator('textarea, input').fill('+91 85632 14120');
  await submit.click();
  await page.locator('form[data-callback="voicecall_confirm"]').waitFor();
  await page.screenshot({ path: `${artifacts}sandbox-review.png` });
  await submit.click();
  await page.locator('#modal').waitFor({ state: 'hidden' });

  const phone = page.getByRole('listitem', { name: 'Phone +918563214120' });
  await phone.getByRole('button', { name: 'Answer', exact: true }).click();
  await phone.getByRole('button', { name: 'Press 1', exact: true }).click();
  await phone.getByRole('button', { name: 'Hang up' }).click();

  await page.locator('#messages .replies').last().click();
  const replies = page.locator('#replies .message');
  await replies
    .nth(1)
    .getByText(/answered/i)
    .first()
    .waitFor();
  await page.screenshot({ path: `${artifacts}sandbox-result.png` });
  await page.locator('#replies .bk-table td').first().waitFor();
  assert.equal(
    await page.evaluate("getComputedStyle(document.querySelector('#replies .bk-table td')).whiteSpace"),
    'normal',
    'cells wrap, as is_wrapped says',
  );
  assert.doesNotMatch(
    (await page.locator('#messages').textContent()) ?? '',
    /8563214120/,
    'no full number in a channel',
  );
  assert.deepEqual(errors, []);
  await page.close();
});

test('nobody answers: the board says so, and its first button opens the form with just those', {
  skip,
}, async () => {
  const { page, errors } = await open('U0BEN');
  const submit = page.locator('#modal button[type=submit]');
  await type(page, '/voicecall +91 85632 14121 fire-drill');
  await page.locator('form[data-callback="voicecall"]').waitFor();
  await submit.click();
  await page.locator('form[data-callback="voicecall_confirm"]').waitFor();
  await submit.click();
  await page.locator('#modal').waitFor({ state: 'hidden' });
  const phone = page.getByRole('listitem', { name: 'Phone +918563214121' });
  await phone.getByRole('button', { name: 'Decline', exact: true }).click();

  const board = page.locator('#messages .message').filter({ hasText: 'Nobody answered (0 of 1)' }).last();
  await board.getByText('declined').waitFor();
  const first = board.getByRole('button').first();
  assert.equal(await first.textContent(), 'Call the 1 unanswered');
  assert.match((await first.getAttribute('class')) ?? '', /primary/);
  await page.screenshot({ path: `${artifacts}sandbox-unanswered.png` });
  await first.click();
  await page.locator('form[data-callback="voicecall"]').waitFor();
  assert.doesNotMatch((await page.locator('#modal').textContent()) ?? '', /8563214121/, 'no number is shown');
  await submit.click();
  await page.locator('form[data-callback="voicecall_confirm"]').waitFor();
  await submit.click();
  await phone.getByRole('button', { name: 'Answer', exact: true }).click();
  await phone.getByRole('button', { name: 'Hang up' }).click();
  const again = page
    .locator('#messages .message')
    .filter({ hasText: /call(s|ed) 1 person.* again/ })
    .last();
  await again.getByText('Answered', { exact: true }).waitFor();
  assert.deepEqual(errors, []);
  await page.close();
});

test('Escape closes the form, and the keyboard focus returns to where it was', { skip }, async () => {
  const { page } = await open('U0BEN');
  await type(page, '/voicecall');
  await page.locator('form[data-callback="voicecall"]').waitFor();
  await page.keyboard.press('Escape');
  await page.locator('#modal').waitFor({ state: 'hidden' });
  assert.equal(await page.evaluate('document.activeElement.id'), 'composer');
  await page.close();
});

test('plain text is posted as the person, and shown as text whatever it contains', { skip }, async () => {
  const { page, errors } = await open('U0BEN');
  await page.locator('#people').selectOption('U0CLEO');
  await type(page, '<img src=x onerror="throw new Error(1)"> & *bold* to @Ben');
  const message = page.locator('#messages .message').last();
  await message.getByText('onerror').waitFor();
  assert.match((await message.textContent()) ?? '', /Cleo.*<img src=x onerror="throw new Error\(1\)">/s);
  assert.equal(await message.locator('.blocks img').count(), 0);
  assert.equal(await message.locator('.slack_user').textContent(), '@Ben');
  assert.deepEqual(errors, []);
  await page.close();
});

test("the Home tab's buttons open the form and the history", { skip }, async () => {
  const { page, errors } = await open('U0BEN');
  await page.locator('#channel-home').click();
  await page.locator('#home [data-action="home_call"]').click();
  await page.locator('form[data-callback="voicecall"]').waitFor();
  await page.keyboard.press('Escape');
  await page.locator('#modal').waitFor({ state: 'hidden' });
  await page.screenshot({ path: `${artifacts}sandbox-home.png` });
  assert.deepEqual(errors, []);
  await page.close();
});

test('every sample alert says whom it calls, or that it calls nobody', { skip }, async () => {
  const { page } = await open('U0BEN');
  const said = await page.locator('#alerts .sample small').allTextContents();
  assert.equal(said.length, await page.locator('#alerts .sample').count());
  for (const each of said) assert.match(each, /^calls (nobody: .+|[\w, -]+)$/);
  assert.ok(said.some((each) => each === 'calls db-oncall'));
  assert.ok(said.some((each) => each.startsWith('calls nobody')));
  assert.ok(!said.some((each) => /\b[BU]0[A-Z]/.test(each)), 'tools and people by name, not by id');
  await page.locator('#channel-C0RANDOM').click();
  await page.locator('#channel-C0RANDOM[aria-current]').waitFor();
  const empty = await page.evaluate<string>(
    "getComputedStyle(document.querySelector('#messages:empty'), '::before').content",
  );
  assert.match(empty, /Type \/voicecall below/);
  await page.close();
});

test('a sample alert appears in its channel, and its text notifies nobody', { skip }, async () => {
  const { page } = await open('U0BEN');
  await page.getByRole('group', { name: 'A nasty one' }).getByRole('button', { name: 'Firing' }).click();
  await page.locator('#channel-C0ALERTS').click();
  const message = page.locator('#messages .message').filter({ hasText: 'call +91 98765 43210 now' }).first();
  await message.waitFor();
  assert.match((await message.textContent()) ?? '', /<!channel>/);
  assert.equal(await message.locator('.slack_broadcast').count(), 0);
  await page.close();
});

test('a channel that is chosen while an older picture is still on its way stays chosen', {
  skip,
}, async () => {
  const { page } = await open('U0BEN');
  const { promise: chosen, resolve: release } = Promise.withResolvers<void>();
  await page.route('**/picture?*', async (route) => {
    await chosen;
    await route.continue();
  });
  const asked = page.waitForRequest('**/picture?*');
  await type(page, 'Something changes');
  await asked;
  await page.locator('#channel-C0ALERTS').click();
  release();
  await page.locator('#channel-C0ALERTS[aria-current]').waitFor();
  await page.close();
});
