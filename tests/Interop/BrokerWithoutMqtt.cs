using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop;

/// <summary>One process with name server, broker and HTTP, whose MQTT sessions gateways in front of it keep.</summary>
public sealed class BrokerWithoutMqtt : IAsyncLifetime
{
    private GatewayProcess? _process;

    /// <summary>The process.</summary>
    public GatewayProcess Process => _process ?? throw new InvalidOperationException("The gateway was not started.");

    /// <inheritdoc/>
    public async Task InitializeAsync() => _process = await GatewayProcess.StartAsync(new GatewaySettings { Ports = GatewayPorts.Free() with { Mqtt = 0 } });

    /// <inheritdoc/>
    public async Task DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }
    }
}
