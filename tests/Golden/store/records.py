#!/usr/bin/env python3
"""message records by an independent writer -> records/NAME.bin and records/expected.json   usage: records.py"""
import json
import os
import socket
import struct
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))


def host(text, port):
    family = socket.AF_INET6 if ':' in text else socket.AF_INET
    return socket.inet_pton(family, text) + struct.pack('>i', port)


def record(r):
    topic, body, properties = r['topic'].encode(), r['body'].encode(), r['properties'].encode()
    v2 = len(topic) > 127
    born, store = host(r['bornHost'], r['bornPort']), host(r['storeHost'], r['storePort'])
    flag = r['sysFlag'] | (0x10 if len(born) == 20 else 0) | (0x20 if len(store) == 20 else 0)
    if r['crc'] and properties and not properties.endswith(b'\x02'):
        properties += b'\x02'
    tail = 20 if r['crc'] else 0
    rest = struct.pack('>I', 0xDAA320AB if v2 else 0xDAA320A7)
    rest += struct.pack('>IiiqqiQ', zlib.crc32(body) & 0x7FFFFFFF, r['queueId'], r['flag'], r['queueOffset'], r['physicalOffset'], flag, r['bornTimestamp'])
    rest += born + struct.pack('>Q', r['storeTimestamp']) + store
    rest += struct.pack('>iq', r['reconsumeTimes'], r['preparedTransactionOffset']) + struct.pack('>i', len(body)) + body
    rest += struct.pack('>H' if v2 else '>B', len(topic)) + topic
    rest += struct.pack('>H', len(properties) + tail) + properties
    bytes_ = struct.pack('>i', 4 + len(rest) + tail) + rest
    if r['crc']:
        crc, digits = zlib.crc32(bytes_) & 0x7FFFFFFF, b''
        for _ in range(10):
            digits += bytes([48 + crc % 10])
            crc //= 10
        bytes_ += b'__CRC32#\x01' + digits + b'\x02'
    return bytes_


BASE = dict(topic='orders', body='the body', properties='TAGS\x01a\x02KEYS\x01k1 k2\x02', bornHost='192.0.2.1', bornPort=4711, storeHost='198.51.100.2',
            storePort=10911, sysFlag=0, queueId=3, flag=-4, queueOffset=5, physicalOffset=6442450944, bornTimestamp=1700000000123, storeTimestamp=1700000000456,
            reconsumeTimes=9, preparedTransactionOffset=-10, crc=False)
RECORDS = {
    'v1-ipv4': {},
    'v1-ipv4-crc': dict(crc=True),
    'v1-crc-without-properties': dict(crc=True, properties=''),
    'v1-crc-last-separator': dict(crc=True, properties='TAGS\x01a'),
    'v1-born-ipv6': dict(bornHost='2001:db8::1'),
    'v1-store-ipv6': dict(storeHost='2001:db8::2', crc=True),
    'v1-topic-127': dict(topic='t' * 127),
    'v2-topic-128': dict(topic='t' * 128),
    'v2-ipv6-crc': dict(topic='\u00fc' * 100, bornHost='2001:db8::1', storeHost='2001:db8::2', sysFlag=1, crc=True),
    'v1-empty-body': dict(body='', properties=''),
}

expected = {}
for name, changes in RECORDS.items():
    fields = {**BASE, **changes}
    with open(f'{HERE}/records/{name}.bin', 'wb') as file:
        file.write(record(fields))
    expected[name] = fields
with open(f'{HERE}/records/expected.json', 'w') as file:
    json.dump(expected, file, indent=1)
    file.write('\n')
