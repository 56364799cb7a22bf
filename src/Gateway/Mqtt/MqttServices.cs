using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Bridge.Access;
using ProtoBridgeMQ.Bridge.Administration;
using ProtoBridgeMQ.Bridge.Mapping.Rules;
using ProtoBridgeMQ.Gateway.Mqtt.Exchanges;
using ProtoBridgeMQ.Gateway.Mqtt.Handlers;
using ProtoBridgeMQ.Gateway.Mqtt.Retained;
using ProtoBridgeMQ.Gateway.Mqtt.Routing;
using ProtoBridgeMQ.Gateway.Mqtt.Session;
using ProtoBridgeMQ.Gateway.Mqtt.WebSockets;
using ProtoBridgeMQ.Gateway.Mqtt.Sessions;
using ProtoBridgeMQ.Gateway.Mqtt.Shared;
using ProtoBridgeMQ.Gateway.Mqtt.Wills;
using ProtoBridgeMQ.Gateway.Mqtt.Sys;

namespace ProtoBridgeMQ.Gateway.Mqtt;

/// <summary>How the composition root brings the MQTT front in.</summary>
public static class MqttServices
{
    /// <summary>Registers the front. It needs an <see cref="Bridge.IMessageBridge"/>; a <see cref="TimeProvider"/> is optional.</summary>
    public static IServiceCollection AddMqttFront(this IServiceCollection services, Action<MqttOptions>? configure = null)
    {
        OptionsBuilder<MqttOptions> options = services.AddOptions<MqttOptions>().ValidateDataAnnotations().ValidateOnStart();
        if (configure is not null)
            options.Configure(configure);

        services.AddLogging();
        services.AddMetrics();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(_ => AccessControl.Open());
        services.TryAddSingleton<NameMapping>();
        services.AddSingleton<MqttMetrics>();
        services.AddSingleton<ConnectionTable>();
        services.AddSingleton<DeliveryRouter>();
        services.AddSingleton<SessionStore>();
        services.AddSingleton<ProgressStore>();
        services.AddSingleton<FilterUses>();
        services.AddSingleton<GatewayPresence>();
        services.AddSingleton<SessionBook>();
        services.AddSingleton<SessionClaims>();
        services.AddSingleton<SharedTopics>();
        services.AddSingleton<ExchangeStore>();
        services.AddSingleton<ISessionPart>(provider => provider.GetRequiredService<ExchangeStore>());
        services.AddSingleton<WillStore>();
        services.AddSingleton<WillPublisher>();
        services.AddSingleton<WillBook>();
        services.AddSingleton<ISessionPart>(provider => provider.GetRequiredService<WillBook>());
        services.AddSingleton<MqttShared>();
        services.AddSingleton<IProtocolClients, MqttClients>();
        services.AddSingleton<ISessionDirectory, SessionDirectory>();
        services.AddSingleton<SysTopics>();
        services.AddSingleton<RetainedDelivery>();
        services.AddSingleton<ConnectHandler>();
        services.AddSingleton<PublishHandler>();
        services.AddSingleton<SubscribeHandler>();
        services.AddSingleton<UnsubscribeHandler>();
        services.AddSingleton<PacketHandlers>();
        services.AddSingleton<MqttFront>();
        services.AddSingleton<MqttConnectionHandler>();
        services.AddSingleton<WebSocketRoute>();
        services.AddHostedService<SessionKeeper>();
        services.AddHostedService(provider => provider.GetRequiredService<WillBook>());
        services.AddHostedService(provider => provider.GetRequiredService<ConnectionTable>());
        services.AddHostedService(provider => provider.GetRequiredService<DeliveryRouter>());
        services.AddHostedService(provider => provider.GetRequiredService<SharedTopics>());
        services.AddHostedService(provider => provider.GetRequiredService<RetainedDelivery>());
        services.AddHostedService(provider => provider.GetRequiredService<SysTopics>());
        return services;
    }

    /// <summary>Maps MQTT over WebSocket to <c>/mqtt</c>.</summary>
    public static void MapMqttFront(this WebApplication application)
        => application.Map("/mqtt", application.Services.GetRequiredService<WebSocketRoute>().HandleAsync).ExcludeFromDescription();

    /// <summary>Makes an endpoint speak MQTT.</summary>
    public static ListenOptions UseMqtt(this ListenOptions endpoint)
    {
        endpoint.UseConnectionHandler<MqttConnectionHandler>();
        return endpoint;
    }
}
