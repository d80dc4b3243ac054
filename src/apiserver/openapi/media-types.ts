import { formatApiVersion, type GroupVersionKind } from '../../api/objects.ts';
import { hasProtobufForm } from '../protobuf/encode.ts';
import { protobufType } from '../protobuf/media-type.ts';
import { watchType } from '../protobuf/watch-frame.ts';

/** What an operation on objects of kind `gvk` answers with. */
export function producedTypes(action: string, text: boolean, gvk: GroupVersionKind): string[] {
  if (action === 'connect') return ['*/*'];
  if (text) return ['text/plain', 'application/json', 'application/yaml'];
  const protobuf = hasProtobufForm(formatApiVersion(gvk.group, gvk.version), gvk.kind);
  const types = ['application/json', 'application/yaml', ...(protobuf ? [protobufType] : [])];
  if (action !== 'list') return types;
  return [...types, 'application/json;stream=watch', ...(protobuf ? [watchType] : [])];
}
