import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { lookAround, readHead, stateRows } from '../../src/alerts/words/state-words.ts';
import { alertNouns, wordClasses } from '../../src/alerts/words/vocabulary.ts';

describe('the rows that distinguish a state from a name', () => {
  for (const [number, row] of stateRows.entries()) {
    const [line, word, stands] = row.example;
    test(`row ${number + 1}: "${word}" in "${line}" ${stands ? 'is' : 'is not'} a state`, () => {
      const { tokens, said } = readHead(line);
      assert.equal(
        said.some((each) => each.word === word),
        stands,
      );
      // This row decides, and no earlier one.
      const index = tokens.findIndex((token) => token.lower === word);
      const token = tokens[index];
      const kind = wordClasses.get(word);
      assert.ok(token !== undefined && kind !== undefined);
      const lead = said.find((each) => each.word === word)?.lead ?? false;
      const hasNoun = tokens.some((each) => alertNouns.has(each.lower));
      const around = lookAround(tokens, index, token, { kind, lead, hasNoun });
      assert.equal(
        stateRows.findIndex((each) => each.words(around)),
        number,
      );
    });
  }

  test('the last row takes every word that no other row took', () => {
    assert.equal(stateRows.at(-1)?.words.length, 0);
  });
});
