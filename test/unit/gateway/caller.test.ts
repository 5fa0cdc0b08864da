import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { addressOf, protocolOf } from '../../../gateway/http/caller.js';

function request(headers: Record<string, string>): IncomingMessage {
  const socket = new Socket();
  Object.defineProperty(socket, 'remoteAddress', { value: '192.0.2.1' });
  return Object.assign(new IncomingMessage(socket), { headers });
}

const settings = (trustProxy: boolean) => ({ http: { port: 0, trustProxy, hsts: false } });

describe('The address of a caller', () => {
  it.each([
    ['10.0.0.1', '10.0.0.1'],
    ['10.0.0.9, 10.0.0.1', '10.0.0.1'],
    ['10.0.0.9,10.0.0.1 , ', '10.0.0.1'],
    [' , ', '192.0.2.1'],
    [undefined, '192.0.2.1'],
  ])('is by a trusted proxy that says %j: %s', (forwarded, address) => {
    const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
    expect(addressOf(request(headers), settings(true))).toBe(address);
  });

  it('is that of the connection when no proxy is trusted', () => {
    expect(addressOf(request({ 'x-forwarded-for': '10.0.0.1' }), settings(false))).toBe('192.0.2.1');
  });
});

describe('The protocol of a caller', () => {
  it.each([
    ['https', 'https'],
    ['https, http', 'https'],
    ['', 'http'],
    [undefined, 'http'],
  ])('is by a trusted proxy that says %j: %s', (forwarded, protocol) => {
    const headers = forwarded === undefined ? {} : { 'x-forwarded-proto': forwarded };
    expect(protocolOf(request(headers), settings(true))).toBe(protocol);
  });

  it('is http when no proxy is trusted', () => {
    expect(protocolOf(request({ 'x-forwarded-proto': 'https' }), settings(false))).toBe('http');
  });
});
