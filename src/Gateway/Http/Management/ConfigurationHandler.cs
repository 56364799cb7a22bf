using ProtoBridgeMQ.Bridge.Administration;
using ProtoBridgeMQ.Gateway.Http.Codec.Management;

namespace ProtoBridgeMQ.Gateway.Http.Management;

/// <summary><c>GET /v1/configuration</c>: every setting as it is in force, and where it comes from.</summary>
internal sealed class ConfigurationHandler(ManagementDesk desk, IServiceProvider services)
{
    private readonly IConfigurationView? _view = services.GetService<IConfigurationView>();

    public async Task ListAsync(HttpContext context)
    {
        Paging paging = await desk.ReadPageAsync(context, null, null, "search");
        string? search = ManagementDesk.One(context.Request.Query, "search");
        IEnumerable<ConfigurationValue> values = (_view?.Read() ?? [])
            .Where(value => search is null || value.Name.Contains(search, StringComparison.OrdinalIgnoreCase))
            .OrderBy(value => value.Name, StringComparer.Ordinal);
        (IReadOnlyList<ConfigurationValue> page, string? next) = paging.Cut(values, value => value.Name);
        var shape = new Page<ConfigurationSetting>([.. page.Select(value => new ConfigurationSetting(value.Name, value.Value, WordOf(value.Source), value.Where))], next);
        await ManagementBody.WriteAsync(context, shape, ManagementJson.Strict.ConfigurationSettingPage);
    }

    private static string WordOf(ConfigurationSource source) => source switch
    {
        ConfigurationSource.File => "file",
        ConfigurationSource.Environment => "environment",
        ConfigurationSource.CommandLine => "command line",
        _ => "default",
    };
}
