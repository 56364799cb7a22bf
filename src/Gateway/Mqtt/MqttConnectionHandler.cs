using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace ProtoBridgeMQ.Gateway.Mqtt;

/// <summary>Where Kestrel hands over a connection of an MQTT endpoint.</summary>
public sealed class MqttConnectionHandler : ConnectionHandler
{
    private readonly MqttFront _front;

    public MqttConnectionHandler(MqttFront front) => _front = front;

    /// <inheritdoc/>
    public override Task OnConnectedAsync(ConnectionContext connection)
    {
        CancellationToken stopping = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? CancellationToken.None;
        return _front.ServeAsync(
            connection.Transport,
            connection.ConnectionId,
            connection.RemoteEndPoint,
            connection.Abort,
            stopping,
            connection.Features.Get<ITlsConnectionFeature>()?.ClientCertificate);
    }
}
