using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace ProtoBridgeMQ.Gateway.Mqtt;

/// <summary>How the composition root brings the MQTT front in.</summary>
public static class MqttServices
{
    /// <summary>Registers the front. It needs an <see cref="Bridge.IMessageBridge"/>; a <see cref="TimeProvider"/> is optional.</summary>
    public static IServiceCollection AddMqttFront(this IServiceCollection services, Action<MqttOptions>? configure = null)
    {
        OptionsBuilder(services, configure);
        return services;
    }

    /// <summary>Makes an endpoint speak MQTT.</summary>
    public static ListenOptions UseMqtt(this ListenOptions endpoint)
    {
        endpoint.UseConnectionHandler<MqttConnectionHandler>();
        return endpoint;
    }

    private static void OptionsBuilder(IServiceCollection services, Action<MqttOptions>? configure)
    {
        Microsoft.Extensions.Options.OptionsBuilder<MqttOptions> options = services.AddOptions<MqttOptions>().ValidateDataAnnotations().ValidateOnStart();
        if (configure is not null)
            options.Configure(configure);
    }
}
