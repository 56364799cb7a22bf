using System.Buffers.Binary;
using System.Text;

namespace ProtoBridgeMQ.Tests.Unit.Hostile;

/// <summary>Makes frames wrong: in the bytes, in the header's fields, in the numbers of the body.</summary>
internal static class FrameMutator
{
    /// <summary>Values that a field should survive.</summary>
    public static readonly string[] Odd =
    [
        "", "-1", "0", "1", "2147483647", "2147483648", "-2147483648", "9223372036854775807", "-9223372036854775808", "99999999999999999999", "1.5", "seven", "true",
        "null", "\u0001", "\u0000", "%RETRY%", "%RETRY%%RETRY%g", "%DLQ%g", "SCHEDULE_TOPIC_XXXX", "rmq_sys_x", "TBW102", "a b", "../../x", "a@b@c", "{}", "[", "\uFFFD", "é", new string('x', 128), new string('x', 5000),
    ];

    private static readonly int[] Lengths = [0, 1, 3, 4, -1, int.MinValue, int.MaxValue, 0xFFFFFF, 0x01FFFFFF, 16 * 1024 * 1024, 16 * 1024 * 1024 + 1, 65536];

    /// <summary>One frame, or what was one.</summary>
    public static byte[] Mutate(Random random, IReadOnlyList<byte[]> seeds)
    {
        byte[] seed = seeds[random.Next(seeds.Count)];
        return random.Next(3) == 0 ? MutateBytes(random, seed, seeds) : MutateParts(random, seed, seeds);
    }

    private static byte[] MutateBytes(Random random, byte[] seed, IReadOnlyList<byte[]> seeds)
    {
        byte[] bytes = [.. seed];
        for (int times = random.Next(1, 4); times > 0; times--)
        {
            int at = random.Next(bytes.Length);
            switch (random.Next(8))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes = [.. bytes[..Math.Max(1, at)]];
                    break;
                case 3:
                    bytes = [.. bytes, .. RandomBytes(random, random.Next(1, 300))];
                    break;
                case 4:
                    bytes = [.. bytes[..at], .. bytes[(at / 2)..]];
                    break;
                case 5:
                    Put(bytes, random.Next(2) * 4, Lengths[random.Next(Lengths.Length)]);
                    break;
                case 6:
                    Put(bytes, at, Lengths[random.Next(Lengths.Length)]);
                    break;
                default:
                    bytes = [.. bytes, .. seeds[random.Next(seeds.Count)]];
                    break;
            }
        }

        return bytes;
    }

    private static byte[] MutateParts(Random random, byte[] seed, IReadOnlyList<byte[]> seeds)
    {
        LooseFrame frame = LooseFrame.Of(seed);
        for (int times = random.Next(1, 4); times > 0; times--)
        {
            int shape = random.Next(12);
            if (shape < 6 && frame.Fields.Count > 0)
            {
                MutateField(random, frame, shape);
            }
            else if (shape < 9)
            {
                MutateStart(random, frame, seeds);
            }
            else
            {
                frame.Body = MutateBody(random, frame.Body);
            }
        }

        return frame.ToBytes();
    }

    private static void MutateField(Random random, LooseFrame frame, int shape)
    {
        int one = random.Next(frame.Fields.Count);
        int other = random.Next(frame.Fields.Count);
        switch (shape)
        {
            case 0:
                frame.Fields.RemoveAt(one);
                break;
            case 1:
                (frame.Fields[one], frame.Fields[other]) = ((frame.Fields[one].Name, frame.Fields[other].Value), (frame.Fields[other].Name, frame.Fields[one].Value));
                break;
            case 2:
                frame.Fields.Add((frame.Fields[one].Name, Odd[random.Next(Odd.Length)]));
                break;
            case 3:
                frame.Fields.AddRange(Enumerable.Range(0, random.Next(1, 1100)).Select(static number => ($"x{number}", (string?)"y")));
                break;
            default:
                frame.Fields[one] = (frame.Fields[one].Name, Odd[random.Next(Odd.Length)]);
                break;
        }
    }

    private static void MutateStart(Random random, LooseFrame frame, IReadOnlyList<byte[]> seeds)
    {
        switch (random.Next(8))
        {
            case 0:
                frame.Code = random.Next(short.MinValue, short.MaxValue + 1);
                break;
            case 1:
                frame.Code = LooseFrame.Of(seeds[random.Next(seeds.Count)]).Code;
                break;
            case 2:
                frame.Language = random.Next(256);
                break;
            case 3:
                frame.Version = random.Next(short.MinValue, short.MaxValue + 1);
                break;
            case 4:
                frame.Opaque = random.Next(int.MinValue, int.MaxValue);
                break;
            case 5:
                frame.Flag = random.Next(-4, 8);
                break;
            case 6:
                frame.Remark = Odd[random.Next(Odd.Length)];
                break;
            default:
                frame.IsBinary = !frame.IsBinary && frame.Code is >= short.MinValue and <= short.MaxValue;
                break;
        }
    }

    private static byte[] MutateBody(Random random, byte[] body)
    {
        if (body.Length == 0)
        {
            return RandomBytes(random, random.Next(1, 64));
        }

        int at = random.Next(body.Length);
        switch (random.Next(5))
        {
            case 0:
                return [];
            case 1:
                return body[..at];
            case 2:
                return [.. body[..at], .. RandomBytes(random, random.Next(1, 16)), .. body[at..]];
            case 3:
                // A number or a word of a JSON body: from here to the next separator.
                int end = at;
                while (end < body.Length && body[end] is not ((byte)',' or (byte)'}' or (byte)'"' or (byte)']'))
                {
                    end++;
                }

                return [.. body[..at], .. Encoding.UTF8.GetBytes(Odd[random.Next(Odd.Length)]), .. body[end..]];
            default:
                byte[] changed = [.. body];
                Put(changed, at, Lengths[random.Next(Lengths.Length)]);
                return changed;
        }
    }

    private static void Put(byte[] bytes, int at, int value)
    {
        if (at + 4 <= bytes.Length)
        {
            BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(at), value);
        }
    }

    private static byte[] RandomBytes(Random random, int count)
    {
        byte[] bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }
}
