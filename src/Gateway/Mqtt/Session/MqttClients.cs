using System.Globalization;
using ProtoBridgeMQ.Bridge.Administration;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;

namespace ProtoBridgeMQ.Gateway.Mqtt.Session;

/// <summary>The MQTT clients that are connected here, for lists of clients of all protocols.</summary>
public sealed class MqttClients(ConnectionTable connections, MqttMetrics metrics) : IProtocolClients
{
    /// <summary>Filters shown of one client.</summary>
    private const int MaxFilters = 100;

    /// <inheritdoc/>
    public string Protocol => "mqtt";

    /// <inheritdoc/>
    public long MessagesIn => metrics.Traffic.In;

    /// <inheritdoc/>
    public long MessagesOut => metrics.Traffic.Out;

    /// <inheritdoc/>
    public LatencyCounts PublishLatency => metrics.Traffic.Latency;

    /// <inheritdoc/>
    public int Connections => connections.Count;

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<ClientState>> ListAsync(CancellationToken cancellationToken = default)
        => ValueTask.FromResult<IReadOnlyList<ClientState>>(
            [.. connections.Accepted().OrderBy(connection => connection.Session!.ClientId, StringComparer.Ordinal).Select(StateOf)]);

    /// <inheritdoc/>
    public ValueTask<bool> DisconnectAsync(string id, CancellationToken cancellationToken = default)
        => ValueTask.FromResult(connections.Close(id, new ProtocolError(ReasonCode.AdministrativeAction, "an operator closed the connection")));

    private ClientState StateOf(MqttConnection connection)
    {
        MqttSession session = connection.Session!;
        var details = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["version"] = session.Version switch
            {
                ProtocolVersion.Mqtt5 => "5",
                ProtocolVersion.Mqtt31 => "3.1",
                _ => "3.1.1",
            },
            ["keepAlive"] = Text(session.KeepAliveSeconds),
            ["sessionExpiry"] = Text(session.Kept?.Record.ExpirySeconds ?? 0),
            ["inFlightIn"] = Text(connection.Publishes.Count),
            ["inFlightOut"] = Text(session.Deliveries.InFlight),
            ["queued"] = Text(session.Deliveries.Count),
            ["hasWill"] = session.Will is null ? "false" : "true",
        };
        IReadOnlyList<string> filters = session.CopyFilters(MaxFilters);
        if (connection.Shares is { } shares)
            filters = [.. filters, .. shares.CopyFilters(MaxFilters)];
        return new ClientState(
            Protocol, session.ClientId, connection.Remote?.ToString(), connection.Access.Rights?.Identity.Name, connection.Since, details, [.. filters.Order(StringComparer.Ordinal)]);
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
