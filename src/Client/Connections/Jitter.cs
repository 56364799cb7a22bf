using System.Security.Cryptography;

namespace ProtoBridgeMQ.Client.Connections;

/// <summary>Spreads pauses, so that the clients of a broker that comes back do not all ask at the same moment.</summary>
internal static class Jitter
{
    private const int Steps = 1000;

    /// <summary>The pause, or up to a quarter longer.</summary>
    public static TimeSpan Spread(TimeSpan pause) => pause * (1 + (RandomNumberGenerator.GetInt32(Steps) / (4.0 * Steps)));
}
