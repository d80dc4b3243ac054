import type { HostAlias, PodDNSConfig, PodSpec } from '../../generated/types.ts';
import { subdomainWithUnderscoreErrors } from '../../names.ts';
import { checkIp } from '../addresses.ts';
import { checkOneOf, checkSubdomain } from '../checks.ts';
import type { FieldPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';

const policies = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];
/** What libc's resolver takes. */
const maxNameservers = 3;
const maxSearches = 32;
const maxSearchCharacters = 2048;

export function checkDns(spec: PodSpec, at: FieldPath, out: Findings): void {
  checkOneOf(spec.dnsPolicy, policies, at.child('dnsPolicy'), out);
  const here = at.child('dnsConfig');
  const config = spec.dnsConfig;
  if (spec.dnsPolicy === 'None') {
    if (!config) {
      out.required(here, 'must provide `dnsConfig` when `dnsPolicy` is None');
      return;
    }
    if (!config.nameservers?.length) {
      const why = 'must provide at least one DNS nameserver when `dnsPolicy` is None';
      out.required(here.child('nameservers'), why);
      return;
    }
  }
  if (config) checkDnsConfig(config, here, out);
}

function checkDnsConfig(config: PodDNSConfig, at: FieldPath, out: Findings): void {
  const { nameservers = [], searches = [], options = [] } = config;
  if (nameservers.length > maxNameservers) {
    const why = `must not have more than ${maxNameservers} nameservers`;
    out.invalid(at.child('nameservers'), nameservers, why);
  }
  nameservers.forEach((server, i) => {
    checkIp(server, at.child('nameservers').index(i), out);
  });
  const here = at.child('searches');
  if (searches.length > maxSearches) {
    out.invalid(here, searches, `must not have more than ${maxSearches} search paths`);
  }
  if (searches.join(' ').length > maxSearchCharacters) {
    const why = `must not have more than ${maxSearchCharacters} characters (including spaces) in the search list`;
    out.invalid(here, searches, why);
  }
  searches.forEach((search, i) => {
    if (search === '.') return;
    const name = search.endsWith('.') ? search.slice(0, -1) : search;
    out.invalidAll(here.index(i), name, subdomainWithUnderscoreErrors(name));
  });
  options.forEach((option, i) => {
    if (!option.name) out.required(at.child('options').index(i), 'must not be empty');
  });
}

export function checkHostAliases(aliases: HostAlias[], at: FieldPath, out: Findings): void {
  aliases.forEach((alias, i) => {
    checkIp(alias.ip ?? '', at.index(i).child('ip'), out);
    (alias.hostnames ?? []).forEach((name, j) => {
      checkSubdomain(name, at.index(i).child('hostnames').index(j), out);
    });
  });
}
