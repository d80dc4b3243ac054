/**
 * The messages of etcd v3 (`etcdserverpb/rpc.proto`, `mvccpb/kv.proto`) that the store uses. How types are
 * written: src/grpc/schema.ts. Keys are bytes to etcd; ours are ASCII, so they are read as strings.
 */
const messages = {
  ResponseHeader: { revision: [3, 'int64'] },
  KeyValue: {
    key: [1, 'string'],
    createRevision: [2, 'int64'],
    modRevision: [3, 'int64'],
    value: [5, 'bytes'],
  },
  RangeRequest: {
    key: [1, 'string'],
    rangeEnd: [2, 'string'],
    limit: [3, 'int64'],
    revision: [4, 'int64'],
    serializable: [7, 'bool'],
    countOnly: [9, 'bool'],
  },
  RangeResponse: { header: [1, 'ResponseHeader'], kvs: [2, 'KeyValue[]'], more: [3, 'bool'] },
  PutRequest: { key: [1, 'string'], value: [2, 'bytes'] },
  PutResponse: { header: [1, 'ResponseHeader'] },
  DeleteRangeRequest: { key: [1, 'string'], rangeEnd: [2, 'string'] },
  DeleteRangeResponse: { header: [1, 'ResponseHeader'] },
  RequestOp: {
    requestRange: [1, 'RangeRequest'],
    requestPut: [2, 'PutRequest'],
    requestDeleteRange: [3, 'DeleteRangeRequest'],
  },
  Compare: {
    result: [1, 'CompareResult'],
    target: [2, 'CompareTarget'],
    key: [3, 'string'],
    modRevision: [6, 'int64'],
  },
  TxnRequest: { compare: [1, 'Compare[]'], success: [2, 'RequestOp[]'], failure: [3, 'RequestOp[]'] },
  TxnResponse: { header: [1, 'ResponseHeader'], succeeded: [2, 'bool'] },
  CompactionRequest: { revision: [1, 'int64'] },
  CompactionResponse: {},
  WatchCreateRequest: {
    key: [1, 'string'],
    rangeEnd: [2, 'string'],
    startRevision: [3, 'int64'],
    fragment: [8, 'bool'],
  },
  WatchRequest: { createRequest: [1, 'WatchCreateRequest'] },
  Event: { type: [1, 'EventType'], kv: [2, 'KeyValue'] },
  WatchResponse: {
    header: [1, 'ResponseHeader'],
    created: [3, 'bool'],
    canceled: [4, 'bool'],
    compactRevision: [5, 'int64'],
    cancelReason: [6, 'string'],
    events: [11, 'Event[]'],
  },
} as const;

const enums = {
  CompareResult: ['EQUAL', 'GREATER', 'LESS', 'NOT_EQUAL'],
  CompareTarget: ['VERSION', 'CREATE', 'MOD', 'VALUE', 'LEASE'],
  EventType: ['PUT', 'DELETE'],
} as const;

export const etcdSchema = { messages, enums };
export type EtcdSchema = typeof etcdSchema;
