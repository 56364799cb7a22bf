using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace ProtoBridgeMQ.Remoting.Messages;

/// <summary>
/// Makes the unique keys that producers give their messages (property UNIQ_KEY), as upper-case hexadecimal digits.
/// <code>
///  | address 4 or 16 | process id 2 | loader id 4 | milliseconds since the month began 4 | counter 2 |
/// </code>
/// Unique while one process makes fewer than 65,536 keys a millisecond, and hosts have addresses of their own.
/// </summary>
public sealed class UniqueKey
{
    private const int TailSize = 4 + 2;

    private readonly TimeProvider _time;
    private readonly byte[] _prefix;
    private readonly Lock _monthLock = new();
    private Month _month;
    private int _counter;

    /// <summary>A generator for this process.</summary>
    /// <param name="time">Clock.</param>
    /// <param name="address">Address of this host.</param>
    /// <param name="processId">Process id; its lower 16 bits are used.</param>
    /// <param name="loaderId">Tells generators of one process apart.</param>
    public UniqueKey(TimeProvider time, IPAddress address, int processId, int loaderId)
    {
        _time = time;
        var ip = address.IsIPv4MappedToIPv6 ? address.MapToIPv4().GetAddressBytes() : address.GetAddressBytes();
        _prefix = new byte[ip.Length + 2 + 4];
        ip.CopyTo(_prefix, 0);
        BinaryPrimitives.WriteInt16BigEndian(_prefix.AsSpan(ip.Length), unchecked((short)processId));
        BinaryPrimitives.WriteInt32BigEndian(_prefix.AsSpan(ip.Length + 2), loaderId);
        _month = Month.Of(time.GetUtcNow());
    }

    /// <summary>Digits of a key: 32 for an IPv4 host, 56 for IPv6.</summary>
    public int Length => (_prefix.Length + TailSize) * 2;

    /// <summary>Whether the address makes IPv6 keys.</summary>
    public static int LengthFor(AddressFamily family) => family == AddressFamily.InterNetworkV6 ? 56 : 32;

    /// <summary>Writes a new key as UTF-8 digits into <see cref="Length"/> bytes, without allocating.</summary>
    public void Write(Span<byte> destination)
    {
        Span<byte> bytes = stackalloc byte[32];
        var size = Make(bytes);
        Convert.TryToHexString(bytes[..size], destination, out _);
    }

    /// <summary>A new key as a string.</summary>
    public string Next()
    {
        Span<byte> bytes = stackalloc byte[32];
        var size = Make(bytes);
        return Convert.ToHexString(bytes[..size]);
    }

    private int Make(Span<byte> bytes)
    {
        _prefix.CopyTo(bytes);
        var now = _time.GetUtcNow();
        var month = Volatile.Read(ref _month);
        if (now.ToUnixTimeMilliseconds() >= month.NextStart)
        {
            lock (_monthLock)
                _month = month = Month.Of(now);
        }

        // A clock that was set back a little must not make a negative span.
        var span = Math.Max(0, now.ToUnixTimeMilliseconds() - month.Start);
        BinaryPrimitives.WriteInt32BigEndian(bytes[_prefix.Length..], unchecked((int)span));
        BinaryPrimitives.WriteInt16BigEndian(bytes[(_prefix.Length + 4)..], unchecked((short)(Interlocked.Increment(ref _counter) - 1)));
        return _prefix.Length + TailSize;
    }

    private sealed record Month(long Start, long NextStart)
    {
        public static Month Of(DateTimeOffset now)
        {
            var start = new DateTimeOffset(now.Year, now.Month, 1, 0, 0, 0, TimeSpan.Zero);
            return new Month(start.ToUnixTimeMilliseconds(), start.AddMonths(1).ToUnixTimeMilliseconds());
        }
    }
}
