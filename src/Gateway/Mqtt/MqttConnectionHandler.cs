using Microsoft.AspNetCore.Connections;

namespace ProtoBridgeMQ.Gateway.Mqtt;

/// <summary>Where Kestrel hands over a connection of an MQTT endpoint.</summary>
public sealed class MqttConnectionHandler : ConnectionHandler
{
    /// <inheritdoc/>
    public override Task OnConnectedAsync(ConnectionContext connection)
    {
        connection.Abort();
        return Task.CompletedTask;
    }
}
