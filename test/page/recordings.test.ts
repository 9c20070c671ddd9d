// A newcomer adds a recording in the sandbox's page, hears it, and calls their own phone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wav } from '../support/audio.ts';
import { artifacts, browserForTests, skip } from './browser.ts';

const open = browserForTests();

test('a recording is added with the file chooser, announced, chosen and heard', { skip }, async () => {
  const { page, errors } = await open('U0ASHA');
  await page.locator('#composer').fill('/voicecall recordings');
  await page.locator('#composer').press('Enter');
  await page.locator('#messages [data-action="recording_add"]').last().click();
  const form = page.locator('form[data-callback="voicecall_recording"]');
  await form.locator('[data-field="name"] input').fill('bell');
  await form
    .locator('input[type="file"]')
    .setInputFiles({ name: 'bell.wav', mimeType: 'audio/wav', buffer: wav(2) });
  await page.screenshot({ path: `${artifacts}sandbox-recording.png` });
  await form.getByRole('button', { name: 'Add' }).click();
  await page.locator('form[data-callback="voicecall_recording_added"]').waitFor();
  await page.keyboard.press('Escape');
  await page.locator('#channel-D0ASHA').click();
  await page.locator('#messages').getByText('“bell” (2 s) can be chosen now').waitFor();
  await page.locator('#channel-C0OPS').click();
  await page.locator('#composer').fill('/voicecall recordings');
  await page.locator('#composer').press('Enter');
  await page.locator('#messages').getByText('added by Asha').last().waitFor();
  await page.locator('#messages [data-action="recording_hear"]').last().click();
  const link = page.locator('#messages').getByRole('link', { name: 'Hear “bell”' });
  await link.waitFor();
  const href = await link.getAttribute('href');
  const heard = await fetch(href ?? '');
  assert.equal(heard.headers.get('content-type'), 'audio/wav');
  assert.deepEqual(errors, []);
  await page.close();
});

test('Call me rings the phone on the page, and says what came of it', { skip }, async () => {
  const { page, errors } = await open('U0BEN');
  await page.locator('#channel-home').click();
  await page.locator('#home [data-action="call_me"]').click();
  await page.locator('#modal').getByText('Calling your phone').waitFor();
  await page.keyboard.press('Escape');
  await page.locator('#channel-D0BEN').click();
  await page.locator('#messages').getByText('Caller number:').waitFor();
  await page.screenshot({ path: `${artifacts}sandbox-call-me.png` });
  assert.deepEqual(errors, []);
  await page.close();
});
