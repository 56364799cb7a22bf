namespace ProtoBridgeMQ.Tests.Protocol.Mqtt;

/// <summary>Packets with something wrong.</summary>
internal static class Damage
{
    /// <summary>One to three changes at random; half of the packets keep a right remaining length, so that decoders are reached.</summary>
    public static byte[] Of(byte[] seed, Random random)
    {
        var bytes = seed.ToList();
        for (int changes = random.Next(1, 4); changes > 0; changes--)
        {
            int at = random.Next(bytes.Count + 1);
            switch (random.Next(5))
            {
                case 0: bytes.Insert(at, (byte)random.Next(256)); break;
                case 1 when at < bytes.Count: bytes.RemoveAt(at); break;
                case 2 when at < bytes.Count: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 3 when at < bytes.Count: bytes[at] = (byte)random.Next(256); break;
                default: bytes.RemoveRange(at, bytes.Count - at); break;
            }

            if (bytes.Count == 0)
                bytes.Add((byte)random.Next(256));
        }

        if (random.Next(2) == 0 && bytes.Count is >= 2 and < 128)
            bytes[1] = (byte)(bytes.Count - 2);
        return [.. bytes];
    }

    /// <summary>
    /// The packet cut short at every place, with a byte more, and with every byte of its body wrong in four ways; the
    /// remaining length is right again. Packets of 128 bytes and more are left out.
    /// </summary>
    public static IEnumerable<byte[]> EveryOneOf(byte[] packet)
    {
        if (packet.Length > 100)
            yield break;
        for (int length = 2; length < packet.Length; length++)
            yield return WithLength(packet[..length]);
        yield return WithLength([.. packet, 0]);
        yield return WithLength([.. packet, 0xFF, 0xFF]);
        for (int at = 2; at < packet.Length; at++)
        {
            foreach (byte wrong in (byte[])[0x00, 0xFF, (byte)(packet[at] ^ 0x80), (byte)(packet[at] + 1)])
            {
                byte[] changed = [.. packet];
                changed[at] = wrong;
                yield return changed;
            }
        }
    }

    private static byte[] WithLength(byte[] packet)
    {
        packet[1] = (byte)(packet.Length - 2);
        return packet;
    }
}
