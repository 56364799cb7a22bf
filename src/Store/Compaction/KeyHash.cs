using System.Buffers.Binary;
using System.Numerics;

namespace ProtoBridgeMQ.Store.Compaction;

/// <summary>
/// Hashes keys by SipHash-2-4 with a secret of the store: keys are chosen by clients, and nobody who does not know the
/// secret finds keys that share a hash.
/// </summary>
internal readonly struct KeyHash
{
    public const int SeedSize = 16;

    private readonly ulong _seed0;
    private readonly ulong _seed1;

    public KeyHash(ReadOnlySpan<byte> seed)
    {
        _seed0 = BinaryPrimitives.ReadUInt64LittleEndian(seed);
        _seed1 = BinaryPrimitives.ReadUInt64LittleEndian(seed[8..]);
    }

    /// <summary>The hash of a key; half of SipHash's 64 bits.</summary>
    public uint Of(ReadOnlySpan<byte> key)
    {
        var state = new State(_seed0, _seed1);
        var rest = key;
        for (; rest.Length >= 8; rest = rest[8..])
            state.Take(BinaryPrimitives.ReadUInt64LittleEndian(rest));
        var last = (ulong)key.Length << 56;
        for (var i = 0; i < rest.Length; i++)
            last |= (ulong)rest[i] << (8 * i);
        state.Take(last);
        return (uint)state.Finish();
    }

    private struct State(ulong seed0, ulong seed1)
    {
        private ulong _v0 = seed0 ^ 0x736f6d6570736575;
        private ulong _v1 = seed1 ^ 0x646f72616e646f6d;
        private ulong _v2 = seed0 ^ 0x6c7967656e657261;
        private ulong _v3 = seed1 ^ 0x7465646279746573;

        public void Take(ulong word)
        {
            _v3 ^= word;
            Round();
            Round();
            _v0 ^= word;
        }

        public ulong Finish()
        {
            _v2 ^= 0xff;
            for (var i = 0; i < 4; i++)
                Round();
            return _v0 ^ _v1 ^ _v2 ^ _v3;
        }

        private void Round()
        {
            _v0 += _v1;
            _v1 = BitOperations.RotateLeft(_v1, 13) ^ _v0;
            _v0 = BitOperations.RotateLeft(_v0, 32);
            _v2 += _v3;
            _v3 = BitOperations.RotateLeft(_v3, 16) ^ _v2;
            _v0 += _v3;
            _v3 = BitOperations.RotateLeft(_v3, 21) ^ _v0;
            _v2 += _v1;
            _v1 = BitOperations.RotateLeft(_v1, 17) ^ _v2;
            _v2 = BitOperations.RotateLeft(_v2, 32);
        }
    }
}
