import { ProtobufCodec } from '../grpc/protobuf.ts';
import { criSchema, type Decoded, type Encoded, type MessageName } from './schema.ts';

/** The messages of CRI and of what is spoken beside it, as bytes. */
export const criCodec = new ProtobufCodec(criSchema);

export function encodeMessage<N extends MessageName>(message: N, value: Encoded<N>): Buffer {
  return criCodec.encode(message, value);
}

/** @throws RangeError when the bytes are cut off or malformed. */
export function decodeMessage<N extends MessageName>(message: N, bytes: Uint8Array): Decoded<N> {
  return criCodec.decode(message, bytes);
}
