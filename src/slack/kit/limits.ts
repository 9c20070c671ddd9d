/**
 * The limits of Slack that we rely on. Characters are counted as UTF-16 units, because no other way of counting gives
 * more. Sources: https://docs.slack.dev/reference/block-kit and the comments of @slack/types 3.2.0, unless a line
 * names another.
 */
export const slackLimits = {
  /** https://docs.slack.dev/reference/block-kit/blocks */
  messageBlocks: 50,
  viewBlocks: 100,
  /**
   * Slack cuts above 40,000 characters and advises 4,000: https://docs.slack.dev/reference/methods/chat.postMessage
   */
  messageText: 4_000,
  /** Not documented (`msg_blocks_too_long`); users measured it: https://github.com/slackapi/bolt-js/issues/2509 */
  allBlocksText: 13_200,
  /** https://docs.slack.dev/reference/block-kit/blocks/table-block */
  tableRows: 100,
  tableText: 10_000,
  /** https://docs.slack.dev/reference/block-kit/blocks/section-block */
  sectionText: 3_000,
  fieldText: 2_000,
  /** https://docs.slack.dev/reference/block-kit/blocks/header-block */
  headerText: 150,
  /** https://docs.slack.dev/reference/block-kit/blocks/alert-block */
  alertText: 200,
  /** https://docs.slack.dev/reference/block-kit/blocks/context-block and …/actions-block */
  contextElements: 10,
  actionsElements: 25,
  /** https://docs.slack.dev/reference/block-kit/block-elements/button-element */
  buttonText: 75,
  buttonValue: 2_000,
  /** https://docs.slack.dev/reference/block-kit/composition-objects/confirmation-dialog-object */
  confirmTitle: 100,
  confirmText: 300,
  confirmButton: 30,
  /**
   * https://docs.slack.dev/reference/block-kit/composition-objects/option-object; newer pages allow 150 for the
   * value.
   */
  options: 100,
  optionGroups: 100,
  optionText: 75,
  optionValue: 75,
  /** https://docs.slack.dev/reference/block-kit/block-elements/plain-text-input-element */
  inputText: 3_000,
  labelText: 2_000,
  placeholder: 150,
  /** https://docs.slack.dev/reference/views/modal-views */
  viewTitle: 24,
  privateMetadata: 3_000,
  /** "view_too_large": https://docs.slack.dev/reference/methods/views.open#errors */
  viewBytes: 250_000,
} as const;
