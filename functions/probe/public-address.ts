import { BlockList, isIP } from 'node:net';

const notPublic = new BlockList();
/** The registries of special-purpose addresses (https://www.iana.org/assignments/iana-ipv4-special-registry), and multicast. */
const blocks = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
] as const;
for (const block of blocks) {
  const [net = '', prefix] = block.split('/');
  notPublic.addSubnet(net, Number(prefix), 'ipv4');
}
/** What is public in IPv6 is a part of this, less what leads to IPv4 addresses or to nobody. */
const unicast = new BlockList();
unicast.addSubnet('2000::', 3, 'ipv6');
notPublic.addSubnet('2001::', 23, 'ipv6');
notPublic.addSubnet('2001:db8::', 32, 'ipv6');
notPublic.addSubnet('2002::', 16, 'ipv6');
notPublic.addSubnet('3fff::', 20, 'ipv6');

/** @returns whether an IP address is one that anybody on the internet can reach, and so may be asked */
export function isPublic(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !notPublic.check(address, 'ipv4');
    case 6:
      return unicast.check(address, 'ipv6') && !notPublic.check(address, 'ipv6');
    default:
      return false;
  }
}
