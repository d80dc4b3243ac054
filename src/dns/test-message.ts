import packet from 'dns-packet';

/** A message as another implementation reads it; the types of that one leave the response code out. */
export function decodeAnswer(message: Buffer): packet.DecodedPacket & { rcode: string } {
  return packet.decode(message) as packet.DecodedPacket & { rcode: string };
}
