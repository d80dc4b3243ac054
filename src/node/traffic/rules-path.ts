/** Where the kubelet API tells of the node's service rules. `?written=VERSION`: answered when they follow it. */
export const rulesPath = '/causeway/service-rules';
