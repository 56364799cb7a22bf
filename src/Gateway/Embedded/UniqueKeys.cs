using System.Security.Cryptography;

namespace ProtoBridgeMQ.Gateway.Embedded;

/// <summary>Unique keys of messages, and ids that nobody can guess: 128 random bits in hexadecimal digits, as long as those of RocketMQ's clients.</summary>
internal static class UniqueKeys
{
    private const int Size = 16;

    public static string Next() => Convert.ToHexString(RandomNumberGenerator.GetBytes(Size));
}
