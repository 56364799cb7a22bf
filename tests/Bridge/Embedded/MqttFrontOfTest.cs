using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Gateway.Mqtt;
using ProtoBridgeMQ.Gateway.Mqtt.Shared;

namespace ProtoBridgeMQ.Tests.Bridge.Embedded;

/// <summary>The MQTT front over a bridge, without sockets.</summary>
internal sealed class MqttFrontOfTest : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private readonly IHostedService[] _hosted;

    private MqttFrontOfTest(IMessageBridge bridge)
    {
        var services = new ServiceCollection();
        // The bridge is whose it is: as a factory's result the container would close it.
        services.AddSingleton(bridge);
        services.AddMqttFront();
        // What one member refuses is for the others, as with members of the other protocols.
        services.Configure<MqttOptions>(static options => options.SharedRejection = SharedRejection.Retry);
        _services = services.BuildServiceProvider();
        _hosted = [.. _services.GetServices<IHostedService>()];
    }

    public MqttFront Front => _services.GetRequiredService<MqttFront>();

    public static async Task<MqttFrontOfTest> StartAsync(IMessageBridge bridge)
    {
        var front = new MqttFrontOfTest(bridge);
        foreach (IHostedService hosted in front._hosted)
        {
            await hosted.StartAsync(CancellationToken.None);
        }

        return front;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (IHostedService hosted in _hosted.Reverse())
        {
            await hosted.StopAsync(CancellationToken.None);
        }

        await _services.DisposeAsync();
    }
}
