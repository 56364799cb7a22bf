using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace ProtoBridgeMQ.Client.Hosting;

/// <summary>Clients log and keep time as the application does, unless their options say otherwise.</summary>
internal sealed class ApplicationServices(string name, IServiceProvider provider) : IPostConfigureOptions<ProtoBridgeMqOptions>
{
    public void PostConfigure(string? optionsName, ProtoBridgeMqOptions options)
    {
        if (optionsName != name)
        {
            return;
        }

        if (options.Client.LoggerFactory is NullLoggerFactory && provider.GetService<ILoggerFactory>() is { } loggers)
        {
            options.Client.LoggerFactory = loggers;
        }

        if (options.Client.TimeProvider == TimeProvider.System && provider.GetService<TimeProvider>() is { } time)
        {
            options.Client.TimeProvider = time;
        }
    }
}
