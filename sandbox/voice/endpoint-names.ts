export type Endpoint =
  | 'sendGroup'
  | 'sendCode'
  | 'fileQuery'
  | 'fileUpload'
  | 'recordGroup'
  | 'recordGroupQuery'
  | 'getBalance';
