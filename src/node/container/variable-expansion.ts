/**
 * Replaces `$(NAME)` by what `lookup` gives for it; a reference to something unknown stays as it is, `$$` is
 * one `$`. Source: k8s.io/kubernetes/third_party/forked/golang/expansion
 */
export function expandVariables(text: string, lookup: (name: string) => string | undefined): string {
  let result = '';
  for (let at = 0; at < text.length; at++) {
    const next = text[at + 1];
    if (text[at] !== '$' || next === undefined) {
      result += text[at];
    } else if (next === '$') {
      result += '$';
      at += 1;
    } else if (next === '(') {
      const end = text.indexOf(')', at + 2);
      if (end < 0) {
        result += '$(';
        at += 1;
        continue;
      }
      const name = text.slice(at + 2, end);
      result += lookup(name) ?? `$(${name})`;
      at = end;
    } else {
      result += `$${next}`;
      at += 1;
    }
  }
  return result;
}
