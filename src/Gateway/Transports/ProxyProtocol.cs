using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;

namespace ProtoBridgeMQ.Gateway.Transports;

/// <summary>Takes the PROXY header off connections of trusted proxies; what follows sees the client's address as the peer's.</summary>
internal sealed class ProxyProtocol
{
    private readonly ProxyProtocolOptions _options;
    private readonly IPNetwork[] _trusted;
    private readonly TransportMetrics _metrics;
    private readonly TimeProvider _clock;
    private readonly ILogger<ProxyProtocol> _log;

    public ProxyProtocol(IOptions<ProxyProtocolOptions> options, TransportMetrics metrics, TimeProvider clock, ILogger<ProxyProtocol> log)
    {
        _options = options.Value;
        _trusted = ReadNetworks(_options.Trusted);
        _metrics = metrics;
        _clock = clock;
        _log = log;
    }

    /// <summary>Reads the list of trusted addresses and networks.</summary>
    /// <exception cref="FormatException">An item is neither.</exception>
    public static IPNetwork[] ReadNetworks(string list)
        => [.. list.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(ReadNetwork)];

    /// <summary>Serves a connection behind its header.</summary>
    public async Task RunAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        if (!IsTrusted((connection.RemoteEndPoint as IPEndPoint)?.Address))
        {
            Refuse(connection, "untrusted", "it is no trusted proxy");
            return;
        }

        try
        {
            using var late = new CancellationTokenSource(_options.HeaderTimeout, _clock);
            if (!await TakeHeaderAsync(connection, late.Token))
            {
                Refuse(connection, "garbage", "its bytes are no PROXY header");
                return;
            }
        }
        catch (OperationCanceledException)
        {
            Refuse(connection, "timeout", "no PROXY header came in time");
            return;
        }
        catch (Exception gone) when (gone is ConnectionResetException or ConnectionAbortedException or IOException)
        {
            return;
        }

        await next(connection);
    }

    private static IPNetwork ReadNetwork(string text)
    {
        if (IPNetwork.TryParse(text, out IPNetwork network))
            return network;

        return IPAddress.TryParse(text, out IPAddress? address)
            ? new IPNetwork(address, address.GetAddressBytes().Length * 8)
            : throw new FormatException($"'{text}' is neither an address nor a network such as 10.1.0.0/16");
    }

    private static async ValueTask<bool> TakeHeaderAsync(ConnectionContext connection, CancellationToken cancellationToken)
    {
        PipeReader input = connection.Transport.Input;
        while (true)
        {
            ReadResult read = await input.ReadAsync(cancellationToken);
            ReadOnlySequence<byte> buffer = read.Buffer;
            switch (ProxyHeader.TryCut(buffer, out int length, out IPEndPoint? source))
            {
                case ProxyCut.Header:
                    connection.RemoteEndPoint = source ?? connection.RemoteEndPoint;
                    input.AdvanceTo(buffer.GetPosition(length));
                    return true;
                case ProxyCut.NeedMore when !read.IsCompleted:
                    input.AdvanceTo(buffer.Start, buffer.End);
                    break;
                default:
                    input.AdvanceTo(buffer.End);
                    return false;
            }
        }
    }

    private bool IsTrusted(IPAddress? address)
    {
        if (address is null)
            return false;

        IPAddress plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return Array.Exists(_trusted, network => network.Contains(plain));
    }

    private void Refuse(ConnectionContext connection, string reason, string why)
    {
        _metrics.ProxyRefused(reason);
        TransportLog.ProxyRefused(_log, connection.RemoteEndPoint, why);
        connection.Abort();
    }
}
