using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace ProtoBridgeMQ.Client.Hosting;

/// <summary>Adds clusters to an application's services.</summary>
public static class ProtoBridgeMqServices
{
    /// <summary>
    /// Adds a cluster: <see cref="ClusterConnection"/>, <see cref="Producer"/>, <see cref="MessagePublisher"/>, <see cref="AdminClient"/> and
    /// <see cref="Reader"/> as singletons on one connection, all under a key when one is given. Wrong options fail the host's start.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets options; after the configuration, when both are given.</param>
    /// <param name="configuration">A section with the members of <see cref="ProtoBridgeMqOptions"/>.</param>
    /// <param name="key">Key of the services, for applications with several clusters; null for none.</param>
    /// <returns>To add consumers and more.</returns>
    public static ProtoBridgeMqBuilder AddProtoBridgeMq(
        this IServiceCollection services, Action<ProtoBridgeMqOptions>? configure = null, IConfiguration? configuration = null, string? key = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        string name = key ?? Options.DefaultName;
        OptionsBuilder<ProtoBridgeMqOptions> options = services.AddOptions<ProtoBridgeMqOptions>(name);
        if (configuration is not null)
        {
            options.Configure(bound => configuration.Bind(bound));
        }

        if (configure is not null)
        {
            options.Configure(configure);
        }

        options.Validate(OptionsCheck.IsPossible, "The options of ProtoBridgeMQ are not possible.").ValidateOnStart();
        services.AddSingleton<IPostConfigureOptions<ProtoBridgeMqOptions>>(provider => new ApplicationServices(name, provider));
        AddClients(services, key, name);
        services.AddSingleton<IHostedService>(provider => ActivatorUtilities.CreateInstance<ClusterService>(provider, new ClusterKey(key)));
        return new ProtoBridgeMqBuilder(services, key);
    }

    private static void AddClients(IServiceCollection services, string? key, string name)
    {
        Add(services, key, provider => new ClusterConnection(provider.GetRequiredService<IOptionsMonitor<ProtoBridgeMqOptions>>().Get(name).Client));
        Add(services, key, provider => new Producer(
            Get<ClusterConnection>(provider, key), provider.GetRequiredService<IOptionsMonitor<ProtoBridgeMqOptions>>().Get(name).Producer));
        Add(services, key, provider => new MessagePublisher(Get<Producer>(provider, key), provider));
        Add(services, key, provider => new AdminClient(Get<ClusterConnection>(provider, key)));
        Add(services, key, provider => new Reader(Get<ClusterConnection>(provider, key), new ReaderOptions()));
    }

    /// <summary>A service, under the key when there is one.</summary>
    internal static T Get<T>(IServiceProvider provider, string? key)
        where T : class
        => key is null ? provider.GetRequiredService<T>() : provider.GetRequiredKeyedService<T>(key);

    private static void Add<T>(IServiceCollection services, string? key, Func<IServiceProvider, T> make)
        where T : class
    {
        if (key is null)
        {
            services.TryAddSingleton(make);
        }
        else
        {
            services.TryAddKeyedSingleton(key, (provider, _) => make(provider));
        }
    }
}
