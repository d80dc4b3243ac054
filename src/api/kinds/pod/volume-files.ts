import type { DownwardAPIVolumeFile, KeyToPath } from '../../generated/types.ts';
import type { FieldPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import { checkObjectField, checkResourceField, volumeFields } from './env.ts';
import { checkLocalPath } from './paths.ts';

/** The files that volumes of configuration put into a directory. */

const fileModeError = 'must be a number between 0 and 0777 (octal), both inclusive';

export function checkMode(mode: number | undefined, at: FieldPath, out: Findings): void {
  if (mode !== undefined && (mode < 0 || mode > 0o777)) out.invalid(at, mode, fileModeError);
}

export function checkItems(items: KeyToPath[], at: FieldPath, out: Findings): void {
  items.forEach((item, i) => {
    const here = at.index(i);
    if (!item.key) out.required(here.child('key'));
    if (!item.path) out.required(here.child('path'));
    checkLocalPath(item.path ?? '', here.child('path'), out);
    checkMode(item.mode, here.child('mode'), out);
  });
}

export function checkDownwardFile(file: DownwardAPIVolumeFile, at: FieldPath, out: Findings): void {
  if (!file.path) out.required(at.child('path'));
  checkLocalPath(file.path ?? '', at.child('path'), out);
  if (file.fieldRef) {
    checkObjectField(file.fieldRef, volumeFields, at.child('fieldRef'), out);
    if (file.resourceFieldRef) {
      out.invalid(at, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously');
    }
  } else if (file.resourceFieldRef) {
    checkResourceField(file.resourceFieldRef, true, at.child('resourceFieldRef'), out);
  } else out.required(at, 'one of fieldRef and resourceFieldRef is required');
  checkMode(file.mode, at.child('mode'), out);
}
