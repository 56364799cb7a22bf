using System.IO.Pipelines;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using ProtoBridgeMQ.Gateway.Mqtt.Handlers;
using ProtoBridgeMQ.Gateway.Mqtt.Session;

namespace ProtoBridgeMQ.Gateway.Mqtt;

/// <summary>Runs MQTT over any duplex pipe: a socket, TLS, or a WebSocket.</summary>
public sealed class MqttFront
{
    private readonly MqttShared _shared;
    private readonly PacketHandlers _handlers;

    public MqttFront(MqttShared shared, PacketHandlers handlers)
    {
        _shared = shared;
        _handlers = handlers;
    }

    /// <summary>Serves one connection until it has ended.</summary>
    /// <param name="transport">Bytes in and out; completed at the end.</param>
    /// <param name="name">For logs.</param>
    /// <param name="remote">The peer, when there is one.</param>
    /// <param name="abort">Breaks the network connection at once.</param>
    /// <param name="stopping">Cancelled when the server wants connections to end.</param>
    /// <param name="certificate">The client's certificate, when TLS has checked one.</param>
    public async Task ServeAsync(IDuplexPipe transport, string name, EndPoint? remote, Action abort, CancellationToken stopping, X509Certificate2? certificate = null)
    {
        using var connection = new MqttConnection(_shared, _handlers, transport, name, remote, abort, certificate);
        if (!_shared.Connections.TryAdd(connection))
        {
            _shared.Metrics.RefusedConnect("too-many-connections");
            MqttLog.TooManyConnections(_shared.Logger, name, _shared.Options.MaximumConnections);
            abort();
            return;
        }

        try
        {
            using CancellationTokenRegistration stop = stopping.UnsafeRegister(static state => ((MqttConnection)state!).CloseForShutdown(), connection);
            await connection.RunAsync().ConfigureAwait(false);
        }
        finally
        {
            _shared.Connections.Remove(connection);
            connection.Access.Leave();
        }
    }
}
